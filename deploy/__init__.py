"""How to run Runbell where others reach it, and what it is made of. Not shipped: for who builds and deploys it."""
