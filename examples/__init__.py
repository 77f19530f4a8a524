"""Ten small applications, each a file that one command serves: ``framework dev examples.url_shortener:app``."""
