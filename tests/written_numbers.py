"""Numbers in a text of the documents, so that a test can tell which of them nothing holds."""

import re


def numbers(text: str) -> set[str]:
    """Numbers of three digits and more, without their commas."""
    found = {number.replace(",", "").rstrip(".") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}
    return {number for number in found if len(number.replace(".", "")) >= 3}
