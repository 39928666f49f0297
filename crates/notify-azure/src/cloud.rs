//! The separate clouds that Azure consists of.

/// One of Azure's clouds: each has hosts of its own.
///
/// ```
/// use floe_notify_azure::AzureCloud;
/// let china = AzureCloud::of_storage("dfs.core.chinacloudapi.cn");
/// assert_eq!(china, Some(AzureCloud::China));
/// assert_eq!(china.unwrap().management_url(), "https://management.chinacloudapi.cn");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AzureCloud {
    /// The cloud for everybody.
    #[default]
    Public,
    /// The one operated by 21Vianet.
    China,
    /// The one for the government of the United States.
    Government,
}

impl AzureCloud {
    /// The cloud whose storage accounts have hosts with this end, with or without the name of the
    /// service before it.
    ///
    /// ```
    /// use floe_notify_azure::AzureCloud;
    /// assert_eq!(AzureCloud::of_storage("blob.core.windows.net"), Some(AzureCloud::Public));
    /// assert_eq!(AzureCloud::of_storage("blob.example.org"), None);
    /// ```
    #[must_use]
    pub fn of_storage(endpoint: &str) -> Option<Self> {
        let all = [Self::Public, Self::China, Self::Government];
        let matches = |cloud: &Self| {
            let suffix = cloud.storage_suffix();
            endpoint
                .strip_suffix(suffix)
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        all.into_iter().find(matches)
    }

    /// What the hosts of storage accounts end with.
    ///
    /// ```
    /// use floe_notify_azure::AzureCloud;
    /// assert_eq!(AzureCloud::Public.storage_suffix(), "core.windows.net");
    /// ```
    #[must_use]
    pub const fn storage_suffix(self) -> &'static str {
        match self {
            Self::Public => "core.windows.net",
            Self::China => "core.chinacloudapi.cn",
            Self::Government => "core.usgovcloudapi.net",
        }
    }

    /// Where resources are managed.
    ///
    /// ```
    /// use floe_notify_azure::AzureCloud;
    /// assert_eq!(AzureCloud::Public.management_url(), "https://management.azure.com");
    /// ```
    #[must_use]
    pub const fn management_url(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::China => "https://management.chinacloudapi.cn",
            Self::Government => "https://management.usgovcloudapi.net",
        }
    }

    /// Where tokens are issued.
    ///
    /// ```
    /// use floe_notify_azure::AzureCloud;
    /// assert_eq!(AzureCloud::Public.authority_url(), "https://login.microsoftonline.com");
    /// ```
    #[must_use]
    pub const fn authority_url(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::China => "https://login.chinacloudapi.cn",
            Self::Government => "https://login.microsoftonline.us",
        }
    }
}
