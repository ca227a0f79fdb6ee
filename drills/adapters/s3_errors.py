"""What boto raises, in our errors.

In: an exception, the place, the right that the request needed. Out: a DrillError that says what to
do. The library's own words stay out: they may hold signed URLs.
"""

from botocore import exceptions

from drills.adapters.s3_refusals import refusal
from drills.errors import DrillError, Misconfigured, Unreachable

ABSENT = (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)
UNOBTAINABLE = (
    exceptions.CredentialRetrievalError,
    exceptions.InvalidConfigError,
    exceptions.MetadataRetrievalError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)


def translated(error: Exception, place: str, right: str) -> DrillError:
    """Return our error; `right` is what the request needed."""
    if isinstance(error, exceptions.ClientError):
        if error.operation_name.startswith("AssumeRole"):
            hint = "see the role's trust policy, and the credentials or token that ask for it"
            message = f"{place}: the role could not be assumed: {code_of(error)}"
            return Misconfigured(message, hint=hint)
        words = str(error.response.get("Error", {}).get("Message", ""))
        return refusal(place, code_of(error), right, words)
    if isinstance(error, ABSENT):
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role"
        return Misconfigured(f"{place}: no credentials", hint=hint)
    name = type(error).__name__
    if isinstance(error, UNOBTAINABLE):
        hint = "see the profile, the process or the metadata service that hands them out"
        return Misconfigured(f"{place}: no credentials could be had: {name}", hint=hint)
    if isinstance(error, exceptions.SSLError):
        hint = "name the CA that signed the store's certificate: ca=FILE"
        return Unreachable(f"{place}: the certificate is not trusted", hint=hint)
    return Unreachable(f"{place}: {name}", hint="check the endpoint, the network and the proxy")


def code_of(error: Exception) -> str:
    """Return S3's own code, '' for what is no answer of S3."""
    response = error.response if isinstance(error, exceptions.ClientError) else {}
    return str(response.get("Error", {}).get("Code", ""))
