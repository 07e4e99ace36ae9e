"""What people do and how an app answers it: presses, forms, shortcuts, direct messages, response_urls."""
