"""What a client can do by chat."""
