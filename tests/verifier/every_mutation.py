#!/usr/bin/env python3
"""mutations.py with every mistake that can be made. Only the full run does this.

    every_mutation.py --verifier PATH/ovm-verify
"""
import sys

import mutations

if __name__ == "__main__":
    sys.argv.append("--all")
    sys.exit(mutations.main())
