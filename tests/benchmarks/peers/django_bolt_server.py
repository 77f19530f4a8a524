"""Serves ``django_bolt_app`` with django-bolt's own server, on the port that is the first argument."""

import sys

import django
from django.conf import settings
from django.core.management import call_command

if __name__ == "__main__":
    settings.configure(
        INSTALLED_APPS=["django_bolt"],
        ROOT_URLCONF="tests.benchmarks.peers.django_bolt_app",
        SECRET_KEY="benchmark",
        BOLT_API=["tests.benchmarks.peers.django_bolt_app:api"],
    )
    django.setup()
    call_command("runbolt", host="127.0.0.1", port=int(sys.argv[1]), no_admin=True)
