"""The parts of the Optimization panel."""
