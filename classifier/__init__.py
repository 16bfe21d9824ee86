"""Text in, Classification out. No I/O after load. Nothing here imports spaCy until a pipeline is loaded."""
