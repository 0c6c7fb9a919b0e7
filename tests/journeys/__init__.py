"""The job as people do it: through the running suite, its API and its pages."""
