"""Routes of the web application, one file per kind of answer."""
