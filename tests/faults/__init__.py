"""The fault laboratory: what is killed, raced, repeated, garbled and forged here, and who checks afterwards."""
