"""An open edition and the figures of a view of it: arrays and prepared bytes, no tables."""
