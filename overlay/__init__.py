"""Show what can be heard in a video: live sound tags drawn on the matching frames."""
