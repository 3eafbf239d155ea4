"""Settings of the Django program; environment variables name the database."""

import os

# With characters that Django's generator of keys uses.
SECRET_KEY = "n0t#a$secret&(only-of-these-tests)=%x^q+7w-b!k@z"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "shop.brands",
    "shop.categories",
    "shop.suppliers",
    "shop.products",
    "shop.inflows",
    "shop.outflows",
]
DATABASES = {
    "default": {
        "ENGINE": f"django.db.backends.{os.environ['SHOP_ENGINE']}",
        "NAME": os.environ["SHOP_DATABASE"],
        "HOST": os.environ.get("SHOP_HOST", ""),
        "PORT": os.environ.get("SHOP_PORT", ""),
        "USER": os.environ.get("SHOP_USER", ""),
    }
}
# The first is the default for new passwords.
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}PasswordHasher"
    for name in ("PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt")
]
