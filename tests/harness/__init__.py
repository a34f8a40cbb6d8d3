"""What runner.py and the machine scenarios share: discovery, scenarios, a machine under test."""
