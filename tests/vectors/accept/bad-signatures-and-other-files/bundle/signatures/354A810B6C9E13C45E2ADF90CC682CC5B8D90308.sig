by nobody who is trusted
