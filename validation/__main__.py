"""`python -m validation`, in the folder of the repository."""

import sys

from validation.validate import main

if __name__ == "__main__":
    sys.exit(main())
