"""Pages of consent: asking, answering, writing in what was answered otherwise, and its papers."""
