//! The house rules that a compiler does not check: who names whom, how long a file is.
