"""`python -m tests.forecast`: forecast generated years, and print the scores."""

from tests.forecast.backtest import back_test, print_table

print(print_table(back_test()))
