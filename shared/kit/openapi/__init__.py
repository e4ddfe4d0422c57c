"""The OpenAPI document of a service: what FastAPI writes, completed from the guard, the route class and the code of each operation."""
