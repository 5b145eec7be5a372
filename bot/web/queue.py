"""The queue: every brief, and what a person can do with it."""

from fastapi import APIRouter

routes = APIRouter()
