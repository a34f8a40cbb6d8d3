int violation(int* at) { return at[1]; }
