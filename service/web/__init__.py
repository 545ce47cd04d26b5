"""What every web request passes: limits, parameters, answers, errors."""
