"""SQL, as module functions taking `tx`; the only place that knows tables."""
