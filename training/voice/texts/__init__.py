"""What is to be said: sentences of many kinds, in Mandarin, English and both."""
