"""Tags to panel pixels: theme, layout, text, animation, panel."""
