"""The container's health check: exits with 0 when /health is good, else shows what it says."""

import sys
import urllib.error
import urllib.request

URL = "http://127.0.0.1:8080/health"

# No proxy of the environment can reach this container.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main(url=URL):
    try:
        with DIRECT.open(url, timeout=3) as answer:
            print(answer.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        with error:
            print(f"{error.code}: {error.read().decode()}")
    except OSError as error:
        print(f"{url}: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
