"""Media files: probing, decoding, encoding. The only room that starts ffmpeg."""
