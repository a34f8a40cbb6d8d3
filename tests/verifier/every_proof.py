#!/usr/bin/env python3
"""verified_page.py with all proofs anew. Only the full run does this.

    every_proof.py --verifier PATH/ovm-verify
"""
import sys

import verified_page

if __name__ == "__main__":
    sys.argv.append("--anew")
    sys.exit(verified_page.main())
