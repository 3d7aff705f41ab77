"""What happens to a patient: small scalar functions, compiled, called by both schedulers."""
