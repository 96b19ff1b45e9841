"""What came of a run: verdict, matrix, evidence, Allure and what the terminal shows."""
