#include "filters/policy/policy_tables.h"

#define FORMS  (POLICY_IN_FORM | POLICY_IN_MULTIPART)
#define FIELDS (POLICY_IN_QUERY | FORMS | POLICY_IN_JSON)
#define URLED  (POLICY_IN_QUERY | FORMS)
#define ALL    (FIELDS | POLICY_IN_HEADERS)

/* The first rule that fits a name wins: whole names before stems, and harmless ones before all others. */
const struct policy_names policy_tables[] = {
    /* Names that hold a stem and whose values are public words or counts. */
    {"harmless headers", POLICY_PUBLIC, POLICY_IN_HEADERS, false, false, POLICY_WHOLE,
     "accesscontrolallowcredentials"},
    {"harmless fields", POLICY_PUBLIC, FIELDS, false, false, POLICY_WHOLE,
     "tokentype tokentypehint maxtokens totaltokens prompttokens completiontokens tokencount"},

    /* Headers with a grammar of their own. */
    {"credentials after a scheme", POLICY_CREDENTIAL, POLICY_IN_HEADERS, false, false, POLICY_CREDENTIALS,
     "authorization proxyauthorization xauthorization xforwardedauthorization xoriginalauthorization"},
    {"cookies", POLICY_CREDENTIAL, POLICY_IN_HEADERS, false, false, POLICY_COOKIES, "cookie cookie2"},
    {"set cookies", POLICY_CREDENTIAL, POLICY_IN_HEADERS, false, false, POLICY_SET_COOKIE,
     "setcookie setcookie2"},
    {"challenges", POLICY_CREDENTIAL, POLICY_IN_HEADERS, false, false, POLICY_CHALLENGE,
     "wwwauthenticate proxyauthenticate authenticationinfo proxyauthenticationinfo"},
    {"URLs", POLICY_PUBLIC, POLICY_IN_HEADERS, false, false, POLICY_URL,
     "host referer referrer location contentlocation destination origin xoriginalurl xrewriteurl "
     "xforwardeduri xoriginaluri xforwardedhost xoriginalhost sourcemap xrequesturl"},
    {"URLs inside", POLICY_PUBLIC, POLICY_IN_HEADERS, false, false, POLICY_EMBEDDED_URLS, "link refresh"},

    /* Credential headers that no stem catches. */
    {"credential headers", POLICY_CREDENTIAL, POLICY_IN_HEADERS, false, false, POLICY_WHOLE,
     "xsessionid sessionid xclientcert xforwardedclientcert xsslclientcert sslclientcert xsslcert sshkey "
     "dpop "
     "xmsclientprincipal xauth xauthkey xauthuserkey xapiauth apiauth xaccesskey accesskey xsubscriptionkey "
     "xapplicationkey xappkey xwsse secwebsocketprotocol xmstokenaadaccesstoken xnonce xamzcredential"},

    /* Digests of bytes that are not kept: a plain hash of a short secret is the secret. */
    {"digests", POLICY_PERSONAL, POLICY_IN_HEADERS, false, false, POLICY_WHOLE,
     "contentmd5 digest contentdigest reprdigest xamzcontentsha256 xgooghash xamzchecksumcrc32 "
     "xamzchecksumcrc32c xamzchecksumsha1 xamzchecksumsha256 xcontentsha256 xbodyhash"},

    /* Who it was. */
    {"addresses of clients", POLICY_PERSONAL, POLICY_IN_HEADERS, false, false, POLICY_LIST,
     "xforwardedfor xrealip trueclientip cfconnectingip cfconnectingipv6 xclientip clientip "
     "xclusterclientip fastlyclientip xoriginalforwardedfor xoriginatingip xremoteip xremoteaddr "
     "xenvoyexternaladdress "
     "xazureclientip xazuresocketip flyclientip xappengineuserip"},
    {"forwarded", POLICY_PERSONAL, POLICY_IN_HEADERS, false, false, POLICY_PARAMETERS, "forwarded"},
    {"people", POLICY_PERSONAL, POLICY_IN_HEADERS, false, false, POLICY_WHOLE,
     "from xremoteuser remoteuser xforwardeduser xforwardedemail xforwardedpreferredusername "
     "xforwardedgroups "
     "xuserid userid xuser xusername xdeviceid deviceid xuseremail xauthenticateduser xmsclientprincipalname "
     "xmsclientprincipalid xgoogauthenticateduseremail xgoogauthenticateduserid xaccountid xcustomerid"},

    /* Emptied: may not be kept after authorisation, even hashed, and are too short to hash. */
    {"verification values", POLICY_EMPTIED, ALL, false, false, POLICY_WHOLE,
     "cvv cvc cvv2 cvc2 csc cvn cav2 pin newpin oldpin pincode cardpin userpin securitycode "
     "cardsecuritycode cardverificationvalue cardverificationcode verificationvalue "
     "track1 track2 trackone tracktwo magstripe"},
    {"verification stems", POLICY_EMPTIED, ALL, true, false, POLICY_WHOLE,
     "trackdata pinblock cardcvv cardcvc cvvcode cvccode cvvnumber cardverification"},

    /* Passwords: noted where they stand, but do not tell users apart. */
    {"passwords", POLICY_PASSWORD, ALL, false, false, POLICY_WHOLE,
     "pwd pass pw psw passwort passcode otp totp hotp mfacode otpcode twofactorcode onetimecode "
     "smscode verificationcode recoverycode backupcode mysqlpwd securityanswer"},
    {"password stems", POLICY_PASSWORD, ALL, true, false, POLICY_WHOLE, "password passwd passphrase"},

    /* Tokens, keys, session ids. */
    {"credentials", POLICY_CREDENTIAL, FIELDS, false, false, POLICY_WHOLE,
     "authorization proxyauthorization auth authkey subscriptionkey encryptionkey signingkey sig hmac "
     "awsaccesskeyid accesskey accesskeyid xamzcredential codeverifier assertion clientassertion "
     "samlresponse "
     "samlrequest jsessionid phpsessid session sessionid sessionkey connectsid laravelsession "
     "aspnetsessionid sid "
     "rememberme cookie cookies setcookie jwt bearer sessid appkey masterkey clientkey userkey licensekey"},
    {"credentials in URLs and forms", POLICY_CREDENTIAL, URLED, false, false, POLICY_WHOLE,
     "code state nonce ticket"},
    {"credentials in URLs", POLICY_CREDENTIAL, POLICY_IN_QUERY, false, false, POLICY_WHOLE, "key"},
    {"credential stems", POLICY_CREDENTIAL, ALL, true, false, POLICY_WHOLE,
     "token secret apikey privatekey signature credential csrf xsrf jwtassertion subscriptionkey accesskeyid "
     "sessionid authorization hmac"},

    /* Payment and identity numbers, ways to reach people. */
    {"numbers of people", POLICY_PERSONAL, FIELDS, false, false, POLICY_WHOLE,
     "card pan ccnum ccnumber creditcard cc expiry cardexpiry expirydate expmonth expyear ccexp "
     "accountnumber accountno routingnumber iban bic bban sortcode ssn sin nino taxid vatid nationalid "
     "passport passportnumber driverslicense driverlicense drivinglicence dob dateofbirth birthdate birthday "
     "deviceid"},
    {"ways to reach people", POLICY_PERSONAL, FIELDS, false, false, POLICY_WHOLE,
     "mail phone mobile fax tel telephone msisdn firstname lastname fullname surname familyname givenname "
     "middlename maidenname cardholder nameoncard ip ipaddress clientip remoteaddr"},
    {"personal stems", POLICY_PERSONAL, ALL, true, false, POLICY_WHOLE,
     "email phonenumber mobilenumber cardnumber creditcard cardholder socialsecurity dateofbirth birthdate "
     "accountnumber streetaddress postaladdress passportn"},
    /* The same people as in Basic credentials; an object called "user" is not a name. */
    {"user names", POLICY_PERSONAL, FIELDS, false, true, POLICY_WHOLE,
     "user username login loginname userlogin"},
};
const size_t policy_tables_count = sizeof policy_tables / sizeof policy_tables[0];
