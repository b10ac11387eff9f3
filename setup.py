"""What pyproject.toml cannot say: scenarios/, variants/ and schema/, which stand once at the top, are `model/data/` in a wheel."""

from setuptools import find_packages, setup

FILES = {f"model.data.{folder}": folder for folder in ("scenarios", "variants", "schema")}

setup(packages=[*find_packages(include=["model", "model.*"]), *FILES], package_dir=FILES)
