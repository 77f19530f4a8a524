"""The mails of accounts, each sent by a background task, so that no response takes longer if an address is known.

They go to the stored address, never to the one of the request: two addresses that are the same in lower case, such as
one with a Kelvin sign in place of a K, may be of different people.
"""

from app_template.accounts.repository import AccountRepository
from app_template.accounts.tokens import LinkTokens
from app_template.mails.mailer import Mail, Mailer
from app_template.settings import Settings

__all__ = ("send_confirmation", "send_reset")


async def send_confirmation(
    email: str, accounts: AccountRepository, tokens: LinkTokens, mailer: Mailer, settings: Settings
) -> None:
    """Send the link that confirms an address, or say that the account exists already."""
    account = await accounts.find(email.lower())
    if account is None:
        return
    if account.confirmed:
        text = "Somebody, perhaps you, has tried to register with your address. You already have an account."
    else:
        link = f"{settings.url}/confirm?token={tokens.sign_confirmation(account)}"
        text = f"Open this link within three days to confirm your address:\n\n{link}"
    await mailer.send(Mail(account.email, "Your account at the shop", f"Hello {account.name},\n\n{text}\n"))


async def send_reset(
    email: str, accounts: AccountRepository, tokens: LinkTokens, mailer: Mailer, settings: Settings
) -> None:
    """Send the link that allows a new password, if the address has an account."""
    account = await accounts.find(email.lower())
    if account is None:
        return
    link = f"{settings.url}/reset?token={tokens.sign_reset(account)}"
    text = f"Open this link within an hour to set a new password:\n\n{link}\n\nIf you did not ask for it, do nothing."
    await mailer.send(Mail(account.email, "Your password at the shop", f"Hello {account.name},\n\n{text}\n"))
