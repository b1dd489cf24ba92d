"""What a professional can do by chat."""
