"""Makes the helpers of the test suite importable: `from reference import reference_file`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
