"""What the server imports."""

from framework import App, OpenAPI

from shop.products.controller import ProductController

app = App(controllers=[ProductController], openapi=OpenAPI(title="Shop", version="1.0.0"))
