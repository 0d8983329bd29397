"""What `make bench` runs: each figure with what it is compared to, in the same run."""
