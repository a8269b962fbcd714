"""Update the generated parts of the documentation: `python -m monitor.reference docs`."""

import sys
from pathlib import Path

from monitor.reference.generated import renew

for name in sys.argv[1:]:
    for file in renew(Path(name)):
        print(file)
