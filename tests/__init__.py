"""The tests: they mirror lib/, on real engines and real rows."""
