"""Makes ``tests`` this folder, even beside an installed package that brings a module of the same name."""
