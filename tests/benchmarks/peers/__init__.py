"""What users would pick instead of Evenreach: installed, filled with the same figures, started and asked."""
