"""Travel times of an edition: estimated, or over the streets and timetable that it was built with."""
