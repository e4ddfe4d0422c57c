"""`python -m tests.foresight`: foretell generated years and print how that went."""

from tests.foresight.backtest import back_test, table

print(table(back_test()))
