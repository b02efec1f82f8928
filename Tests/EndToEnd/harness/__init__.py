"""What the tests stand on: processes to start and kill, an HTTP client, the collections and records they share.

Everything here sees Kazi from outside: its command lines, its files, its sockets, and the HTTP contract.
"""
