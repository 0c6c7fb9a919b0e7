"""What a page or an API answer needs from several services, asked for side by side and put together."""
