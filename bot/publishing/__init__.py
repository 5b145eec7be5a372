"""The journey of a brief: plan, publisher, results, and the service that keeps them going."""
