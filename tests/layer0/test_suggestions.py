"""The nearest known name is offered, and none where none is near."""

import pytest

from model.suggestions import check_known, did_you_mean, nearest


def test_the_nearest_name():
    assert nearest("surgry", ["radiotherapy", "surgery"]) == "surgery"
    assert nearest("zzz", ["radiotherapy", "surgery"]) == ""
    assert did_you_mean("surgry", ["surgery"]) == " Did you mean 'surgery'?"
    assert did_you_mean("zzz", ["surgery"]) == ""


def test_the_first_unknown_name_is_an_error_of_the_caller():
    check_known(["a", "b"], ["a", "b"], "group", LookupError)
    with pytest.raises(
        LookupError, match=r"unknown group 'wolking'; groups: walking, other\. Did you mean 'walking'\?"
    ):
        check_known(["other", "wolking"], ["walking", "other"], "group", LookupError, "groups")
