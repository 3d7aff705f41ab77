"""How sure we are: parameter draws, designs, sweeps that can be resumed, sensitivity."""
